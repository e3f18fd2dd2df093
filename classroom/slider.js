(({id, name, first, stops, says, panels, values}) => {
  const at = (panel, value) => (panel.bottom - panel.scale * (value - panel.low)).toFixed(1);
  const draw = {
    bars(panel, found, marks, texts) {
      found.forEach((value, n) => {
        marks[n].setAttribute("y2", at(panel, value ?? panel.zero));
        texts[n].textContent = value === null ? "" : value.toFixed(panel.digits);
        texts[n].setAttribute("y", at(panel, Math.max(value ?? 0, panel.zero)) - 4);
      });
    },
    curve(panel, found, marks) {
      const point = (value, n) => (n ? "L" : "M") + panel.x[n] + " " + at(panel, value);
      marks[0].setAttribute("d", found.map(point).join(""));
    },
    hands(panel, found, marks) {
      panel.x.forEach((x, n) => {
        marks[n].setAttribute("x2", (x + panel.scale * found[2 * n]).toFixed(1));
        marks[n].setAttribute("y2", (panel.bottom - panel.scale * found[2 * n + 1]).toFixed(1));
      });
    },
  };
  for (const figure of document.querySelectorAll(`[data-slider="${id}"]:not([data-ready])`)) {
    figure.dataset.ready = "";
    const input = document.createElement("input"), output = document.createElement("output");
    Object.assign(input, {type: "range", min: 0, max: stops.length - 1, value: first});
    input.setAttribute("aria-label", name);
    input.dataset.lmSuppressShortcuts = "true";  // JupyterLab's shortcuts wait meanwhile
    input.addEventListener("keydown", event => event.stopPropagation());
    input.style.cssText = "width: min(24em, 60%); vertical-align: middle; margin: 0 0.6em";
    const show = () => {
      const now = input.value;
      output.textContent = stops[now];
      input.setAttribute("aria-valuetext", says[now]);
      panels.forEach((panel, n) => {
        const all = kind => figure.querySelectorAll(`[data-${kind}="${n}"]`);
        draw[panel.kind](panel, values[now][n], all("mark"), all("text"));
      });
    };
    input.addEventListener("input", show);
    figure.querySelector("[data-now]").replaceChildren(name, input, output);
    show();
  }
})
