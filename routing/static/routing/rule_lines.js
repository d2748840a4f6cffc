// Lines of a form that are added, removed and put in order. A removed line stays in the form with its box "Remove" ticked.
(() => {
  const start = (box) => {
    const [list, add] = [box.querySelector("[data-lines-list]"), box.querySelector("[data-lines-add]")];
    const template = box.querySelector("[data-lines-empty]");
    const total = document.getElementById(`id_${box.dataset.lines}-TOTAL_FORMS`);
    const lines = () => [...list.querySelectorAll("[data-line]:not([hidden])")];
    const tell = () => box.dispatchEvent(new Event("change", { bubbles: true }));

    // Lines nobody has filled in keep no place: it would make them look as if somebody had.
    const number = () => {
      for (const [place, line] of lines().entries()) {
        const field = line.querySelector("input[name$='-position']");
        const target = line.querySelector("select[name$='-target']");
        if (field && target) field.value = target.value ? place : "";
        line.querySelector("[data-line-moves]")?.toggleAttribute("hidden", lines().length < 2);
        const [up, down] = ["up", "down"].map((way) => line.querySelector(`[data-line-${way}]`));
        if (up) up.disabled = place === 0;
        if (down) down.disabled = place === lines().length - 1;
      }
    };

    const dress = (line) => {
      line.querySelector("[data-line-delete]")?.setAttribute("hidden", "");
      line.querySelector("[data-line-remove]").hidden = false;
    };

    const append = () => {
      const holder = document.createElement("template");
      holder.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);
      const line = holder.content.firstElementChild;
      list.append(line);
      total.value = Number(total.value) + 1;
      dress(line);
      line.dispatchEvent(new CustomEvent("formset:added", { bubbles: true, detail: { formsetName: box.dataset.lines } }));
      number();
      tell();
      return line;
    };

    const remove = (line) => {
      line.hidden = true;
      const tick = line.querySelector("input[name$='-DELETE']");
      if (tick) tick.checked = true;
      number();
      tell();
    };

    const move = (line, way) => {
      const all = lines();
      const other = all[all.indexOf(line) + (way === "up" ? -1 : 1)];
      if (!other) return;
      if (way === "up") other.before(line);
      else other.after(line);
      number();
      tell();
      const button = line.querySelector(`[data-line-${way}]`);
      (button.disabled ? line.querySelector(`[data-line-${way === "up" ? "down" : "up"}]`) : button).focus();
    };

    add.hidden = false;
    add.addEventListener("click", () => append().querySelector(".select2-selection, input:not([type=hidden])")?.focus());
    list.addEventListener("click", (event) => {
      const line = event.target.closest("[data-line]");
      if (event.target.closest("[data-line-remove]")) {
        remove(line);
        (lines().at(-1)?.querySelector(".select2-selection, input:not([type=hidden])") ?? add).focus();
      }
      for (const way of ["up", "down"]) if (event.target.closest(`[data-line-${way}]`)) move(line, way);
    });
    django.jQuery(list).on("change", number);
    box.addEventListener("sb:revealed", () => lines().length || append());
    box.addEventListener("sb:emptied", () => lines().forEach(remove));
    for (const line of lines()) {
      if (line.querySelector("input[name$='-DELETE']")?.checked) line.hidden = true;
      dress(line);
    }
    number();
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-lines]")) start(box);
  });
})();
