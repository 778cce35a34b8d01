// Industries to choose from while somebody types: every page that has such a field.
"use strict";
document.querySelectorAll("[data-industry]").forEach((field) => {
  const list = document.getElementById(field.getAttribute("list"));
  let waiting = 0, asked = "";
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const parts = field.value.split(/[;；]/);
      const text = asked = parts.pop().trim();
      if (!text || /^[A-T]\d{2,4} /.test(text)) return;
      const found = await (await fetch(`/industries?q=${encodeURIComponent(text)}`)).json();
      if (text !== asked) return; // typed on meanwhile
      list.replaceChildren(...found.map((e) => {
        const option = document.createElement("option");
        option.value = [...parts.map((p) => p.trim()), `${e.code} ${e.name}`].join("；");
        return option;
      }));
    }, 150);
  });
});
