// The shares of a rule's targets: what they add up to, and two buttons that make it 100.
(() => {
  const start = (box) => {
    const [total, actions] = [box.querySelector("[data-weights-total]"), box.querySelector("[data-weights-actions]")];
    const [rest, even] = [box.querySelector("[data-weights-rest]"), box.querySelector("[data-weights-even]")];
    const fields = () => [...box.querySelectorAll("[data-line]:not([hidden]) input[name$='-weight']")];
    const sum = () => fields().reduce((whole, field) => whole + (Number(field.value) || 0), 0);

    const show = () => {
      const all = fields();
      box.classList.toggle("sb-weights-single", all.length < 2);
      actions.hidden = all.length < 2;
      box.querySelector("[data-weights-help]").hidden = all.length < 2;
      if (all.length === 1) all[0].value = 100; // a single target takes everything: there is nothing to type
      const left = 100 - sum();
      rest.disabled = left <= 0;
      total.classList.toggle("sb-weights-wrong", left !== 0);
      const verdict = { 1: `: ${left} left`, 0: "", "-1": `: ${-left} too many` }[Math.sign(left)];
      const text = all.length < 2 ? "" : `${all.map((field) => Number(field.value) || 0).join(" + ")} = ${sum()}${verdict}`;
      if (total.textContent !== text) total.textContent = text;
    };

    // Whole numbers that add up to the amount, the larger ones first.
    const divide = (amount, parts) =>
      Array.from({ length: parts }, (_, place) => Math.floor(amount / parts) + (place < amount % parts ? 1 : 0));

    const change = (chosen, amounts) => {
      for (const [place, field] of chosen.entries()) field.value = amounts[place];
      show();
      box.dispatchEvent(new Event("change", { bubbles: true }));
    };

    rest.addEventListener("click", () => {
      const free = fields().filter((field) => !Number(field.value));
      const chosen = free.length ? free : fields();
      const parts = divide(100 - sum(), chosen.length);
      change(chosen, chosen.map((field, place) => (Number(field.value) || 0) + parts[place]));
    });
    even.addEventListener("click", () => change(fields(), divide(100, fields().length)));
    box.addEventListener("formset:added", (event) => {
      const field = event.target.querySelector("input[name$='-weight']");
      field.value = 0;
      field.value = Math.max(0, 100 - sum());
    });
    box.addEventListener("input", show);
    box.addEventListener("change", show);
    show();
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-weights]")) start(box);
  });
})();
