// What ecozone adds to Leaflet: zones with tooltips and popups, a layer control under themes, and what stands around the map.
// Every text that arrives here was escaped in Python (ecozone/report/escape.py).
"use strict";
window.ecozone = window.ecozone || (function () {
  const RADIUS = 6, PAPER = "#fdfcf8";
  const CHOSEN = { color: "#c2006b", dashArray: null };
  const painters = new WeakMap();

  // One canvas a map: of two above each other only the upper one would feel the mouse.
  function painter(map) {
    if (!painters.has(map)) painters.set(map, L.canvas({ padding: 0.3 }));
    return painters.get(map);
  }

  // data: GeoJSON whose properties are s (row in looks), t (tooltip), p (popup), l (lasting label), c (its class), r (radius, metres),
  // k (what a row of the table calls it); canvas: the map, when there are very many
  function zones(data, looks, canvas) {
    const more = canvas ? { renderer: painter(canvas) } : {};
    return L.geoJSON(data, {
      ...more,
      style: (feature) => looks[feature.properties.s],
      pointToLayer(feature, at) {
        const r = feature.properties.r;
        return r ? L.circle(at, { ...more, radius: r }) : L.circleMarker(at, { ...more, radius: RADIUS });
      },
      onEachFeature(feature, layer) {
        const { s, t, p, l, c } = feature.properties;
        if (l) layer.bindTooltip(l, { permanent: true, direction: c ? "center" : "top", offset: c ? [0, 0] : [0, -5], className: c || "eco-label" });
        else if (t) layer.bindTooltip(t, { sticky: true, className: "eco-tip" });
        if (p) layer.bindPopup(p, { maxWidth: 380, minWidth: 200 }).on("popupopen", () => !l && layer.closeTooltip());
        if (layer.setStyle && (t || p)) {
          layer.ecoLook = { dashArray: null, ...looks[s] };
          layer.on("mouseover", () => point(layer, true));
          layer.on("mouseout", () => point(layer, false));
        }
      },
    });
  }

  function point(layer, on) {
    layer.setStyle({ weight: layer.ecoLook.weight + (on ? 1.5 : 0) + (layer.ecoChosen ? 2.5 : 0) });
  }

  // A table whose rows find their zones, and zones their rows: with the mouse, or with Tab, arrows, Enter and Escape.
  function table(map, html, overlays) {
    const control = box(map, html, "topleft");
    const list = control.getContainer().firstElementChild;
    list.open = map.getSize().x > 760;
    const zones = new Map();
    for (const overlay of overlays) {
      overlay.eachLayer((layer) => layer.feature.properties.k && zones.set(layer.feature.properties.k, { overlay, layer }));
    }
    const rows = new Map(Array.from(list.querySelectorAll("tr[data-key]"), (row) => [row.dataset.key, row]));
    const buttons = Array.from(list.querySelectorAll("button"));
    let chosen = null;

    function mark(key, on) {
      const { layer } = zones.get(key);
      const { fillColor, fillOpacity, fill, ...edge } = layer.ecoLook;
      layer.ecoChosen = on;
      layer.setStyle(on ? { ...edge, ...CHOSEN } : edge);
      point(layer, false);
      rows.get(key).classList.toggle("eco-chosen", on);
      rows.get(key).querySelector("button").setAttribute("aria-pressed", String(on));
    }
    function leave(key) {
      if (chosen === null || (key && key !== chosen)) return;
      const left = chosen;
      chosen = null;
      mark(left, false);
      zones.get(left).layer.closePopup();
    }
    function choose(key) {
      if (chosen === key) return;
      leave();
      chosen = key;
      const { overlay, layer } = zones.get(key);
      if (!map.hasLayer(overlay)) map.addLayer(overlay);
      mark(key, true);
      layer.bringToFront();
      rows.get(key).scrollIntoView({ block: "nearest" });
    }
    for (const [key, row] of rows) {
      if (!zones.has(key)) continue;
      const { layer } = zones.get(key);
      const at = L.latLng(row.dataset.at.split(",").map(Number));
      row.addEventListener("click", () => {
        if (chosen === key) return leave();
        choose(key);
        const wide = map.getSize().x > 760;
        map.panInside(at, { paddingTopLeft: [wide ? 345 : 30, 60], paddingBottomRight: [wide ? 265 : 30, 60], animate: false });
        layer.openPopup(at);
      });
      row.addEventListener("mouseenter", () => point(layer, true));
      row.addEventListener("mouseleave", () => point(layer, false));
      layer.on("click", () => choose(key));
      layer.on("popupclose", () => leave(key));
    }
    list.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (event.key === "Escape") leave();
      else if (at < 0 || to === undefined || !buttons[to]) return;
      else buttons[to].focus();
      event.preventDefault();
      event.stopPropagation();
    });
    control.getContainer().parentElement.classList.add("eco-column");
  }

  // Tiles of a service, none of which is asked for before somebody ticks them; paper would lie on them.
  function ground(map, urls, options) {
    const tiles = L.layerGroup(urls.map((url) => L.tileLayer(url, options)));
    const settle = () => map.eachLayer((layer) => {
      if (layer.setStyle && layer.options.fillColor === PAPER) layer.setStyle({ fillOpacity: map.hasLayer(tiles) ? 0 : 1 });
    });
    map.on("overlayadd overlayremove", settle);
    return tiles;
  }

  // Leaflet rewrites its list whenever a layer comes or goes; headings follow it.
  function panel(map, control, title) {
    const write = control._update;
    control._update = function () {
      write.call(this);
      const list = this._overlaysList;
      if (!list) return this;
      let last = null;
      for (const label of Array.from(list.querySelectorAll("label"))) {
        const key = label.querySelector(".eco-key");
        const theme = key ? key.dataset.theme : null;
        if (theme && theme !== last) {
          const heading = L.DomUtil.create("div", "eco-heading");
          heading.textContent = theme;
          label.before(heading);
        }
        last = theme || last;
      }
      return this;
    };
    control.addTo(map);
    control.getContainer().classList.add("eco-panel");
    const heading = L.DomUtil.create("div", "eco-panel-title");
    heading.textContent = title;
    control._section.prepend(heading);
    if (!control.options.collapsed) control.expand(); // measured again, now that it looks as it will
    return control;
  }

  // Layers keep their order when they are switched on and off.
  function ordered(map, layers) {
    const settle = () => layers.forEach((layer) => map.hasLayer(layer) && layer.bringToFront && layer.bringToFront());
    map.on("overlayadd", settle);
    settle();
  }

  function box(map, html, position) {
    const control = L.control({ position });
    control.onAdd = () => {
      const div = L.DomUtil.create("div");
      div.innerHTML = html;
      L.DomEvent.disableClickPropagation(div);
      L.DomEvent.disableScrollPropagation(div);
      return div;
    };
    return control.addTo(map);
  }

  function notice(map, html) {
    const div = L.DomUtil.create("div", "eco-map-notice", map.getContainer());
    div.innerHTML = html;
  }

  // For ecozone's own map: buttons that speak Chinese, a scale, and a view that leaves room for the boxes.
  function frame(map, bounds, credit) {
    document.documentElement.lang = "zh-CN";
    map.getContainer().classList.add("eco-offline");
    map.setMinZoom(5).setMaxZoom(19);
    L.control.zoom({ position: "bottomright", zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 140 }).addTo(map);
    map.attributionControl.setPrefix(credit);
    const size = map.getSize();
    const wide = size.x > 900;
    map.fitBounds(bounds, { paddingTopLeft: wide ? [330, 40] : [20, 40], paddingBottomRight: wide ? [250, 40] : [20, 30], maxZoom: 16 });
  }

  return { zones, table, ground, panel, ordered, box, notice, frame };
})();
