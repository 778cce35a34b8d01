// The form: which source of the site is shown, the map's tools. Everything is checked on the server again.
"use strict";
(function () {
  const form = document.querySelector("form.desk");
  const frame = form.querySelector("[data-map]");
  const said = form.querySelector("[data-said]");
  const here = form.querySelector("[data-here]");
  const drawnField = form.elements.site_geojson;
  const say = (text, wrong) => { said.textContent = text; said.classList.toggle("bad", Boolean(wrong)); };
  let early = []; // what is said before the map listens
  const tell = (message) => early ? early.push(message) : frame.contentWindow.postMessage(message, window.location.origin);

  function source() {
    const chosen = form.elements.site_from.value;
    form.querySelectorAll("[data-source]").forEach((d) => { d.hidden = d.dataset.source !== chosen; });
  }
  form.querySelectorAll("[name=site_from]").forEach((r) => r.addEventListener("change", () => { source(); say(""); }));
  source();

  form.querySelectorAll("[data-tool]").forEach((b) => b.addEventListener("click", () => {
    tell({ what: b.dataset.tool });
    if (b.dataset.tool !== "undo") frame.focus();
  }));

  window.addEventListener("message", (e) => {
    if (e.origin !== window.location.origin || e.source !== frame.contentWindow) return;
    const m = e.data;
    if (m.what === "ready") {
      const waiting = early || [];
      early = null;
      waiting.forEach(tell);
    }
    if (m.what === "ready" && drawnField.value) tell({ what: "show", sites: [{ geometry: JSON.parse(drawnField.value) }] });
    if (m.what === "tool") {
      form.querySelectorAll("[data-tool][aria-pressed]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.tool === m.tool)));
      if (m.tool && m.tool !== "query") say("在图上逐点单击，双击或按“完成”结束；按住可拖动地图。");
      if (m.tool === "query") say("在图上单击一处，看看那里适用什么。");
    }
    if (m.what === "drawn") {
      drawnField.value = m.geometry ? JSON.stringify(m.geometry) : "";
      form.elements.drawn_accuracy_m.value = m.geometry ? m.accuracy : "";
      const about = `这样画精度约 ±${m.accuracy} 米，放大后再画更准。`;
      if (m.closed && m.geometry) say((m.kind === "point" ? "已定点位。" : `已画好，共 ${m.count} 个界址点；拖动白点可以改正。`) + about);
      else if (m.count) say(`已有 ${m.count} 个点。`);
    }
    if (m.what === "query") ask(m.lon, m.lat);
  });

  // ---- what applies here

  const make = (tag, text, parent) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };

  async function ask(lon, lat) {
    here.hidden = false;
    here.textContent = "正在查询 …";
    const asked = new URLSearchParams({ lon, lat, as_of: form.elements.as_of.value });
    const got = await (await fetch(`/api/here?${asked}`)).json();
    here.textContent = "";
    make("h2", `东经 ${lon.toFixed(5)}°，北纬 ${lat.toFixed(5)}°`, here);
    if (got.error) { make("p", got.error, here); return; }
    const list = (title, items) => {
      if (!items.length) return;
      make("h3", title, here);
      const ul = make("ul", "", here);
      [...new Set(items)].forEach((t) => make("li", t, ul));
    };
    list("环境管控单元", got.units.map((u) => `${u.name}（${u.code}，${u.category}）`));
    list("要素管控分区", (got.element_zones || []).map((z) => `${z.name}（${z.code}）`));
    list("位于", got.zones.filter((z) => z.distance_m === 0).map((z) => z.name));
    list("附近", got.zones.filter((z) => z.distance_m > 0).slice(0, 6).map((z) => `${z.name}，相距 ${Math.round(z.distance_m)} 米`));
    const hits = got.findings.filter((f) => f.outcome === "hit").map((f) => `${f.title}　${f.cited}`);
    list("无论什么项目都适用", hits);
    const open = new Set(got.findings.filter((f) => f.outcome !== "hit" && f.where.length).map((f) => f.if || f.title));
    list("视项目而定", [...open].slice(0, 12));
    if (got.notice) make("p", got.notice, here).className = "notice";
    here.focus({ preventScroll: true });
    here.scrollIntoView({ block: "nearest" });
  }

  // ---- reading a file or pasted text for the map

  form.querySelectorAll("[data-read]").forEach((b) => b.addEventListener("click", async () => {
    const body = new FormData();
    body.set("csrf", form.elements.csrf.value);
    body.set("crs", form.elements.crs.value);
    if (b.dataset.read === "file") {
      for (const file of form.elements.file.files) {
        if (file.size > Number(form.dataset.limit) * 1e6) { say(`文件“${file.name}”超过 ${form.dataset.limit} MB，请拆分后再传。`, true); return; }
        body.append("file", file);
      }
      if (form.elements.each.checked) body.set("each", "1");
    } else body.set("site_text", form.elements.site_text.value);
    say("正在读取 …");
    const answer = await fetch("/read", { method: "POST", body, headers: { accept: "application/json" } });
    const got = await answer.json();
    if (got.error) { say(got.error, true); return; }
    tell({ what: "show", sites: got.sites });
    const notes = [...got.sites.flatMap((s) => s.notes), ...got.issues.filter((i) => i.severity !== "info").map((i) => i.message)];
    say([`读到 ${got.sites.length} 个项目用地。`, ...new Set(notes)].join(" "));
  }));

  const busy = form.querySelector("[data-busy]");
  form.addEventListener("submit", () => { busy.textContent = "正在核对 …"; form.querySelector("[data-go]").disabled = true; });
  window.addEventListener("pageshow", () => { busy.textContent = ""; form.querySelector("[data-go]").disabled = false; });
  const wrong = document.getElementById("wrong");
  if (wrong) wrong.focus();
})();
