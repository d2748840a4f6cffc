// Names for the page itself, where screen readers begin, and for fields that the theme leaves without one, so that screen readers can tell them apart:
// the parts of a searchable list take the label of its select, and a field in a table takes its column's heading.
const NAMELESS = "input:not([type=hidden]), select, textarea";

function nameList(container) {
  const select = container.previousElementSibling;
  const label = select && (select.getAttribute("aria-label") || document.querySelector(`label[for="${select.id}"]`)?.textContent);
  const name = label?.replace(/\*\s*$/, "").trim();
  if (!name) return;
  for (const part of container.querySelectorAll(".select2-search__field, .select2-selection, .select2-selection__rendered")) {
    if (part.getAttribute("aria-label") !== name) part.setAttribute("aria-label", name);
  }
}

// The cross that empties a list stands among the chosen items, where only items may stand.
function nameCrosses(container) {
  for (const cross of container.querySelectorAll("ul > .select2-selection__clear:not([role])")) cross.setAttribute("role", "listitem");
}

function nameCell(field) {
  if (field.labels?.length || field.getAttribute("aria-label")) return;
  const cell = field.closest("td");
  const heading = cell?.closest("table")?.querySelectorAll("thead th")[cell.cellIndex];
  const words = cell?.dataset.label || heading?.textContent.trim() || field.title || field.placeholder;
  if (words) field.setAttribute("aria-label", words.replace(/\s+/g, " ").replace(/\*\s*$/, "").trim());
}

// The theme says "apps and models", which are words of programmers.
function nameSearch() {
  document.getElementById("nav-filter")?.setAttribute("placeholder", "Find a page");
}

function nameAll() {
  nameSearch();
  document.getElementById("content")?.setAttribute("role", "main");
  document.querySelectorAll(`td ${NAMELESS.replaceAll(", ", ", td ")}`).forEach(nameCell);
  document.querySelectorAll(".select2-container").forEach((container) => { nameList(container); nameCrosses(container); });
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; nameAll(); });
}).observe(document.documentElement, { childList: true, subtree: true });
