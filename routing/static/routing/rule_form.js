// The blocks of a rule's conditions: hidden until one is chosen from the menu, emptied when it is removed.
(() => {
  document.documentElement.classList.add("sb-js"); // before the page is drawn, so that nothing jumps

  const isUsed = (block) => block.dataset.used === "yes";

  const isFilled = (block) =>
    [...block.querySelectorAll("input, select, textarea")].some((field) => {
      if (field.type === "hidden" || field.closest("[data-line]") || field.name === "schedule_is_open") return false;
      return field.type === "checkbox" ? field.checked : Boolean(field.value);
    });

  const empty = (block) => {
    for (const field of block.querySelectorAll("input, select, textarea")) {
      if (field.type === "hidden" || field.closest("[data-line]")) continue;
      if (field.type === "checkbox") field.checked = false;
      else if (field.tagName !== "SELECT") field.value = "";
      else if (field.name === "schedule_is_open") field.selectedIndex = 0;
      else django.jQuery(field).val(null);
      django.jQuery(field).trigger("change");
      field.dispatchEvent(new Event("sb:emptied"));
    }
    block.dispatchEvent(new Event("sb:emptied"));
  };

  const firstField = (block) =>
    block.querySelector("[data-line]:not([hidden]) input:not([type=hidden]), .sb-chips-input, .select2-selection, input:not([type=hidden]), textarea, select");

  const start = (root) => {
    const blocks = [...root.querySelectorAll("[data-block]")];
    const [adder, warning] = [root.querySelector("[data-adder]"), root.querySelector("[data-no-condition]")];
    const [opener, menu] = [adder.querySelector("button"), adder.querySelector("[role=menu]")];
    const items = [...menu.querySelectorAll("[data-adds]")];
    const free = () => items.filter((item) => !item.hidden);

    const show = () => {
      const used = [...root.querySelectorAll("[data-block]")].filter(isUsed); // as they stand now
      for (const block of blocks) {
        block.classList.toggle("sb-block-first", block === used[0]);
        block.querySelector("[data-block-shown]").disabled = !isUsed(block); // the server refuses one that is left empty
      }
      for (const item of items) item.hidden = used.some((block) => block.dataset.block === item.dataset.adds);
      warning.hidden = used.length > 0;
      opener.disabled = free().length === 0;
    };

    const close = () => {
      menu.hidden = true;
      opener.setAttribute("aria-expanded", "false");
    };

    const open = (last) => {
      menu.hidden = false;
      opener.setAttribute("aria-expanded", "true");
      menu.scrollIntoView({ block: "nearest" }); // the bar at the foot of the window would hide its end
      free().at(last ? -1 : 0)?.focus();
    };

    const reveal = (name) => {
      const block = blocks.find((one) => one.dataset.block === name);
      block.dataset.used = "yes";
      block.parentElement.append(block); // in the order in which staff add them
      block.dispatchEvent(new Event("sb:revealed"));
      close();
      show();
      firstField(block)?.focus();
    };

    const remove = (block) => {
      block.dataset.used = "no";
      empty(block);
      show();
      opener.focus();
    };

    const step = (key) => {
      const list = free();
      const at = list.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 + list.length, Home: 0, End: list.length - 1 }[key];
      list[to % list.length].focus();
    };

    // A block of lines from which the last one was removed says nothing any more.
    root.addEventListener("change", () => {
      const bare = (block) => block.matches("[data-lines]") && !block.querySelector("[data-line]:not([hidden])");
      for (const block of blocks) if (isUsed(block) && bare(block)) remove(block);
    });
    for (const block of blocks) {
      if (isFilled(block)) block.dataset.used = "yes"; // the browser brought back what was typed
      block.querySelector("[data-block-remove]").hidden = false;
      block.querySelector("[data-block-remove]").addEventListener("click", () => remove(block));
    }
    adder.hidden = false;
    opener.addEventListener("click", () => (menu.hidden ? open() : close()));
    opener.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      open(event.key === "ArrowUp");
    });
    menu.addEventListener("click", (event) => {
      const item = event.target.closest("[data-adds]");
      if (item) reveal(item.dataset.adds);
    });
    menu.addEventListener("keydown", (event) => {
      if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
        event.preventDefault();
        step(event.key);
      } else if (event.key === "Escape") {
        close();
        opener.focus();
      } else if (event.key === "Tab") {
        close();
      }
    });
    document.addEventListener("click", (event) => {
      if (!adder.contains(event.target)) close();
    });
    show();
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const root of document.querySelectorAll("[data-rule-form]")) start(root);
  });
})();
