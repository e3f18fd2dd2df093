(({id, name, first, stops, says, panels, values}) => {
  const at = (panel, value) => Math.round(panel.bottom - panel.scale * (value - panel.low));
  const draw = {
    bars(panel, found, marks, texts) {
      panel.x.forEach((x, n) => {
        const value = found[n];
        marks[n].setAttribute("d", `M${x} ${at(panel, 0)}V${at(panel, value ?? 0)}`);
        texts[n].textContent = value?.toFixed(panel.digits) ?? "";
        texts[n].setAttribute("y", at(panel, Math.max(value ?? 0, 0)) - 4);
      });
    },
    line(panel, found, marks) {
      const point = (value, n) => `${n ? "L" : "M"}${panel.x[n]} ${at(panel, value)}`;
      marks[0].setAttribute("d", found.map(point).join(""));
    },
    hands(panel, found, marks) {
      panel.x.forEach((x, n) => {
        const right = (panel.scale * found[2 * n]).toFixed(1);
        const down = (-panel.scale * found[2 * n + 1]).toFixed(1);
        marks[n].setAttribute("d", `M${x} ${panel.bottom}l${right} ${down}`);
      });
    },
  };
  for (const figure of document.querySelectorAll(`[data-slider="${id}"]:not([data-ready])`)) {
    figure.dataset.ready = "";
    const input = document.createElement("input"), output = document.createElement("output");
    const groups = kind => panels.map((_, n) => figure.querySelector(`[data-${kind}="${n}"]`));
    const marks = groups("marks"), texts = groups("texts");
    const show = () => {
      output.textContent = stops[input.value];
      input.setAttribute("aria-valuetext", says[input.value]);
      values[input.value].forEach((found, n) => {
        draw[panels[n].kind](panels[n], found, marks[n].children, texts[n]?.children);
      });
    };
    Object.assign(input, {type: "range", min: 0, max: stops.length - 1, value: first});
    input.setAttribute("aria-label", name);
    input.style.cssText = "width: min(24em, 60%); vertical-align: middle; margin: 0 0.6em";
    input.dataset.lmSuppressShortcuts = "true";
    input.addEventListener("keydown", event => event.stopPropagation());
    input.addEventListener("input", show);
    figure.querySelector("[data-now]").replaceChildren(name, input, output);
    show();
  }
})
