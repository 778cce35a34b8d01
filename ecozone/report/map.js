// What ecozone adds to Leaflet: zones with tooltips and popups, a layer control under themes, and what stands around the map.
// Every text that arrives here was escaped in Python (ecozone/report/escape.py).
"use strict";
window.ecozone = window.ecozone || (function () {
  const RADIUS = 6;

  // data: GeoJSON whose properties are s (row in looks), t (tooltip), p (popup), l (lasting label), c (its class), r (radius, metres)
  function zones(data, looks) {
    return L.geoJSON(data, {
      style: (feature) => looks[feature.properties.s],
      pointToLayer(feature, at) {
        const r = feature.properties.r;
        return r ? L.circle(at, { radius: r }) : L.circleMarker(at, { radius: RADIUS });
      },
      onEachFeature(feature, layer) {
        const { s, t, p, l, c } = feature.properties;
        if (l) layer.bindTooltip(l, { permanent: true, direction: c ? "center" : "top", offset: c ? [0, 0] : [0, -5], className: c || "eco-label" });
        else if (t) layer.bindTooltip(t, { sticky: true, className: "eco-tip" });
        if (p) layer.bindPopup(p, { maxWidth: 380, minWidth: 200 }).on("popupopen", () => !l && layer.closeTooltip());
        if (layer.setStyle && (t || p)) {
          const look = looks[s];
          layer.on("mouseover", () => layer.setStyle({ weight: look.weight + 1.5 }));
          layer.on("mouseout", () => layer.setStyle({ weight: look.weight }));
        }
      },
    });
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

  return { zones, panel, ordered, box, notice, frame };
})();
