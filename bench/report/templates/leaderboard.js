const boards = [...document.querySelectorAll(".board")];
const filters = document.querySelector(".filters");
const words = filters.querySelector("[name=words]");
const [least, most] = ["least", "most"].map((name) => filters.querySelector(`[name=${name}]`));
const place = filters.querySelector("[name=place]");
const count = filters.querySelector("output");

function apply() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = new Set([...filters.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
  const hidden = new Set([...filters.querySelectorAll("[name=column]:not(:checked)")].map((box) => box.value));
  const [low, high] = [least, most].map((field) => (field.value === "" ? null : Number(field.value)));
  let shown = 0, all = 0;
  for (const board of boards) {
    let here = 0;
    for (const row of board.querySelectorAll("tbody tr")) {
      const kbps = row.dataset.kbps === "" ? null : Number(row.dataset.kbps);
      const within = (low === null && high === null)
        || (kbps !== null && (low === null || kbps >= low) && (high === null || kbps <= high));
      const name = row.dataset.words.toLowerCase();
      row.hidden = !(wanted.every((word) => name.includes(word)) && kinds.has(row.dataset.kind) && within);
      here += !row.hidden;
      all += 1;
    }
    for (const cell of board.querySelectorAll("[data-column]")) cell.hidden = hidden.has(cell.dataset.column);
    const elsewhere = place.value !== "" && place.value !== board.id;
    board.hidden = elsewhere;
    board.querySelector(".none").hidden = here > 0;
    shown += elsewhere ? 0 : here;
  }
  count.textContent = `${shown} of ${all} rows`;
}
filters.addEventListener("input", apply);
filters.addEventListener("reset", () => setTimeout(apply));
filters.addEventListener("submit", (event) => event.preventDefault());
filters.hidden = false;
apply();
