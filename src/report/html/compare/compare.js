// Chooses one company, sorts tables and opens the articles behind a figure. Without it the page shows everything all the same.

const company = document.getElementById("company");
company.addEventListener("change", () => {
  document.querySelectorAll("[data-c]").forEach((of) => (of.hidden = company.value !== "" && of.dataset.c !== company.value));
});

// --- sorting ---

// The first number of a cell, else its text; what has none stands last in any order.
function value(row, column) {
  const text = row.children[column].textContent.trim();
  const found = text.replaceAll("−", "-").replaceAll(",", "").match(/^[^\p{L}\d+-]*([+-]?\d+(\.\d+)?)/u);
  if (found && column > 0) return Number(found[1]);
  return text === "–" ? undefined : text;
}
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), document.documentElement.lang);
}
function sort(table, head, column) {
  const down = head.getAttribute("aria-sort") === "ascending";
  table.querySelectorAll("th[aria-sort]").forEach((of) => of.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, key: value(row, column) }));
  rows.sort((a, b) => {
    if (a.key === undefined || b.key === undefined) return (a.key === undefined) - (b.key === undefined);
    return down ? compare(b.key, a.key) : compare(a.key, b.key);
  });
  body.append(...rows.map(({ row }) => row));
}
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = make("button", { type: "button" }, ...head.childNodes);
    button.addEventListener("click", () => sort(table, head, column));
    head.append(button);
  });
}

// --- the articles behind a figure ---

function reveal(id) {
  const found = document.getElementById(id);
  if (!found || found.tagName !== "DETAILS") return;
  found.hidden = false;
  found.open = true;
  found.scrollIntoView();
  found.querySelector("summary").focus({ preventScroll: true });
}
document.querySelector("main").addEventListener("click", (event) => {
  const cell = event.target.dataset.cell;
  const link = event.target.closest("a.go");
  if (cell !== undefined) location.hash = "cell" + cell;
  if (link && link.hash === location.hash) reveal(link.hash.slice(1));
});
addEventListener("hashchange", () => reveal(location.hash.slice(1)));
reveal(location.hash.slice(1));
// On paper numbers stand below their charts; lists of articles stay as the reader left them.
addEventListener("beforeprint", () => document.querySelectorAll("details.numbers").forEach((of) => (of.open = true)));
start();
