
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  const order = (row, column) => row.cells[column].dataset.order;
  headings.forEach((heading, column) => heading.firstElementChild.addEventListener("click", () => {
    const sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => {
      const [left, right] = [order(a, column), order(b, column)];
      if (left === "" || right === "") return (left === "") - (right === "");
      return left === right ? 0 : sign * (Number(left) > Number(right) ? 1 : -1);
    });
    table.tBodies[0].append(...rows);
  }));
}
