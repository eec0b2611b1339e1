// The arrows of the tracks' table move a row at once, where there is script; without it the form is sent to move it.
// Moving is the table's own: Alt with an arrow, which keeps the fields' numbers right.
const table = document.querySelector("#tracks form");

function settle() {
  for (const body of table.querySelectorAll("[data-sortable]")) {
    [...body.rows].forEach((row, place) => {
      row.querySelector("[name=move][value$=up]").disabled = place === 0;
      row.querySelector("[name=move][value$=down]").disabled = place === body.rows.length - 1;
    });
  }
}

table?.addEventListener("click", (event) => {
  const button = event.target.closest("[name=move]");
  if (!button) return;
  event.preventDefault();
  const key = button.value.endsWith("up") ? "ArrowUp" : "ArrowDown";
  button.dispatchEvent(new KeyboardEvent("keydown", { key, altKey: true, bubbles: true }));
  settle();
  if (button.disabled) button.parentElement.querySelector("[name=move]:not(:disabled)")?.focus();
});
if (table) new MutationObserver(settle).observe(table, { childList: true, subtree: true });
