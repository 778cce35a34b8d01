// Ground by verdict on a map: every piece with its verdict, its size, the rules that bind it and what is still open.
"use strict";
(async function () {
  const box = document.getElementById("eco_map");
  const given = JSON.parse(box.dataset.given);
  const map = L.map(box, { preferCanvas: true, zoomSnap: 0.25, attributionControl: false });
  L.control.scale({ imperial: false }).addTo(map);
  const line = (parent, text, bold) => {
    const node = document.createElement(bold ? "b" : "div");
    node.textContent = text;
    parent.append(node);
  };
  const list = (ids) => ids.split("、").filter(Boolean).map((id) => given.titles[id] || id);
  const says = (p) => {
    const out = document.createElement("div");
    line(out, given.verdicts[p.verdict].name, true);
    line(out, `${(p.area_m2 / 1e4).toFixed(2)} 公顷${p.large_enough ? "" : "，连片面积不够"}`);
    list(p.rules).slice(0, 4).forEach((t) => line(out, t));
    if (!p.complete) line(out, `未判定完整：${list(p.open).slice(0, 3).join("；")}`);
    return out;
  };
  const got = await (await fetch(given.pieces)).json();
  const look = (f) => ({
    color: given.verdicts[f.properties.verdict].colour, weight: 0.6, opacity: 0.9,
    fillColor: given.verdicts[f.properties.verdict].colour, fillOpacity: f.properties.large_enough ? 0.55 : 0.2,
    dashArray: f.properties.complete ? null : "3 3",
  });
  const all = L.geoJSON(got, {
    style: look, onEachFeature: (f, layer) => layer.bindTooltip(() => says(f.properties), { sticky: true, className: "eco-tip" }),
  }).addTo(map);
  map.fitBounds(all.getBounds(), { padding: [12, 12] });
  box.dataset.pieces = got.features.length;
})();
