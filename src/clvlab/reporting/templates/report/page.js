"use strict";
// Draws each chart when it comes near the screen, in the colours that the reader's system asks for.
(() => {
  const { charts, shared } = JSON.parse(document.getElementById("drawings").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Map();
  document.documentElement.classList.add("scripted");

  // Beside the text there is room for the contents, above it there is not.
  const contents = document.querySelector(".contents details");
  const wide = matchMedia("(min-width: 68rem)");
  const fold = () => { contents.open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();

  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

  const recoloured = (value, colours) => {
    if (typeof value === "string") return Object.hasOwn(colours, value) ? colours[value] : value;
    if (Array.isArray(value)) return value.map((item) => recoloured(item, colours));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recoloured(item, colours)]));
  };

  const specOf = (number) => {
    const spec = { ...charts[number] };
    const usermeta = shared[spec.usermeta];
    delete spec.usermeta;
    if (spec.config) spec.config = shared[spec.config];
    const coloured = dark.matches && usermeta?.dark ? recoloured(spec, usermeta.dark) : spec;
    // Vega marks the rows that it is given, so each chart gets its own.
    const datasets = Object.fromEntries(
      Object.entries(spec.datasets ?? {}).map(([name, key]) => [name, structuredClone(shared[key])]),
    );
    return { ...coloured, datasets };
  };

  const draw = async (place) => {
    drawn.get(place)?.finalize();
    const options = { mode: "vega-lite", renderer: "svg", ast: true, actions: false };
    drawn.set(place, await vegaEmbed(place, specOf(Number(place.dataset.chart)), options));
    place.closest("figure").classList.add("drawn");
  };

  // The group at which a reader points stands out in every chart that shows it.
  const codes = new Map(
    Object.values(shared)
      .flat()
      .filter((row) => row?.group)
      .flatMap(({ group, name, of, before }) => [name, of, before].map((label) => [label, group])),
  );

  const groupOf = (element) => {
    const row = element.closest("tr");
    if (row) return codes.get(row.cells[0].textContent);
    const datum = element.__data__?.datum;
    return element.closest(".role-axis-label") ? codes.get(datum?.value) : datum?.group;
  };

  let lit;
  const light = (group) => {
    if (group === lit) return;
    lit = group;
    for (const place of drawn.keys()) {
      const marks = [...place.querySelectorAll("svg :is(path, text)")].map((mark) => [mark, groupOf(mark)]);
      const isShown = group && marks.some(([, of]) => of === group);
      for (const [mark, of] of marks) mark.classList.toggle("faded", Boolean(isShown && of && of !== group));
    }
  };
  document.addEventListener("pointerover", ({ target }) => light(groupOf(target)));

  const near = new IntersectionObserver(
    (entries) => {
      for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
        near.unobserve(target);
        draw(target);
      }
    },
    { rootMargin: "600px" },
  );
  for (const place of document.querySelectorAll(".chart")) near.observe(place);
  dark.addEventListener("change", () => [...drawn.keys()].forEach(draw));
})();
