// A job's progress as the server tells it; the page is shown anew when it is over.
"use strict";
(function () {
  const card = document.querySelector("[data-job]");
  if (card.dataset.state !== "running") return;
  const events = new EventSource(`/jobs/${card.dataset.job}/events`);
  events.onmessage = (e) => {
    const now = JSON.parse(e.data);
    card.querySelector("progress").value = now.done;
    card.querySelector("[data-count]").textContent = `${now.done} / ${now.total}`;
    card.querySelector("[data-says]").textContent = now.said || (now.done ? "正在核对" : "等候处理");
    if (now.state !== "running") { events.close(); window.location.reload(); }
  };
})();
