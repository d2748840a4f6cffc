// A button with data-copies="id" copies the text of that element, and says so beside itself.
// Browsers offer the clipboard on https and localhost only; elsewhere the text is selected, for Ctrl+C.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copies);
  const status = document.querySelector(`[data-tells="${button.dataset.copies}"]`);
  try {
    await navigator.clipboard.writeText(source.textContent);
    status.textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(source);
    status.textContent = "Selected: press Ctrl+C.";
  }
});
