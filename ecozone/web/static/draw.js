// Drawing a site on the atlas's map: points, lines and polygons of clicks, on Leaflet's own events. Speaks with the form by messages.
"use strict";
(function () {
  const map = Object.values(window).find((v) => v instanceof L.Map);
  const look = { color: "#b4380e", weight: 2.5, fillColor: "#f5c518", fillOpacity: 0.35, interactive: false };
  const shape = L.layerGroup().addTo(map);
  let tool = null, points = [], closed = false, down = null, kind = "polygon";

  const HAND = 2; // pixels that a hand is off
  const tell = (message) => window.parent.postMessage(message, window.location.origin);
  const round = (p) => [Number(p.lng.toFixed(7)), Number(p.lat.toFixed(7))];

  function drawn() {
    shape.clearLayers();
    if (!points.length) return;
    if (kind === "point") L.circleMarker(points[0], { ...look, radius: 8 }).addTo(shape);
    else if (kind === "line" || (points.length < 3 && !closed)) L.polyline(points, look).addTo(shape);
    else L.polygon(points, look).addTo(shape);
    if (kind !== "point") {
      const icon = L.divIcon({ className: "draw-vertex", iconSize: [11, 11] });
      points.forEach((p, i) => {
        const marker = L.marker(p, { icon, draggable: true, keyboard: false, title: "拖动改正" }).addTo(shape);
        marker.on("dragend", () => { points[i] = clicked(marker.getLatLng()); drawn(); report(); });
      });
    }
  }

  function geometry() {
    if (!points.length) return null;
    if (kind === "point") return { type: "Point", coordinates: round(points[0]) };
    if (kind === "line") return points.length < 2 ? null : { type: "LineString", coordinates: points.map(round) };
    return points.length < 3 ? null : { type: "Polygon", coordinates: [[...points, points[0]].map(round)] };
  }

  // How far a place clicked at this zoom may lie from what was meant, metres.
  function off(at) {
    const p = map.latLngToContainerPoint(at);
    return HAND * map.distance(at, map.containerPointToLatLng(p.add([1, 0])));
  }

  function accuracy() { return points.length ? Math.ceil(10 * Math.max(...points.map((p) => p.off))) / 10 : null; }

  function report() {
    tell({ what: "drawn", geometry: geometry(), count: points.length, closed, kind, accuracy: accuracy() });
  }

  function clicked(at) { return Object.assign(L.latLng(at), { off: off(at) }); }

  function choose(name) {
    tool = name;
    document.body.classList.toggle("tool", Boolean(name));
    name && name !== "query" ? map.doubleClickZoom.disable() : map.doubleClickZoom.enable();
    tell({ what: "tool", tool });
  }

  function begin(name) {
    if (name !== "query") { kind = name; points = []; closed = false; drawn(); report(); }
    choose(name);
  }

  function finish() { closed = true; choose(null); drawn(); report(); }

  // Before Leaflet sees it: while a tool is on, a click belongs to the tool and opens no popup.
  const box = map.getContainer();
  box.addEventListener("mousedown", (e) => { down = [e.clientX, e.clientY]; }, true);
  box.addEventListener("click", (e) => {
    if (!tool || e.target.closest(".leaflet-control, .draw-vertex")) return;
    e.stopPropagation();
    if (down && Math.hypot(e.clientX - down[0], e.clientY - down[1]) > 5) return;
    const at = map.mouseEventToLatLng(e);
    if (tool === "query") { tell({ what: "query", lon: round(at)[0], lat: round(at)[1] }); mark(at); return; }
    points = kind === "point" ? [clicked(at)] : [...points, clicked(at)];
    drawn();
    if (kind === "point") finish(); else report();
  }, true);
  box.addEventListener("dblclick", (e) => {
    if (!tool || tool === "query") return;
    e.stopPropagation();
    if (points.length > 1) points.pop(); // the second click of the two
    finish();
  }, true);
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && tool) finish();
    if (e.key === "Escape") choose(null);
    if (e.key === "Backspace" && tool) { points.pop(); drawn(); report(); }
  });

  let spot = null;
  function mark(at) {
    if (spot) spot.remove();
    spot = L.circleMarker(at, { radius: 7, color: "#1d5787", weight: 3, fillOpacity: 0, interactive: false }).addTo(map);
  }

  function show(sites) {
    shape.clearLayers();
    const all = L.geoJSON(sites.map((s) => ({ type: "Feature", properties: {}, geometry: s.geometry })), {
      style: look, pointToLayer: (_, at) => L.circleMarker(at, { ...look, radius: 8 }),
    }).addTo(shape);
    if (sites.length) map.fitBounds(all.getBounds(), { maxZoom: 15, padding: [40, 40] });
  }

  window.addEventListener("message", (e) => {
    if (e.origin !== window.location.origin || e.source !== window.parent) return;
    const { what } = e.data;
    if (what === "polygon" || what === "line" || what === "point" || what === "query") tool === what ? choose(null) : begin(what);
    else if (what === "undo") { points.pop(); drawn(); report(); }
    else if (what === "finish") finish();
    else if (what === "clear") { points = []; closed = false; choose(null); drawn(); if (spot) spot.remove(); report(); }
    else if (what === "show") show(e.data.sites);
  });
  tell({ what: "ready" });
})();
