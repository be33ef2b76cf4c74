// Rows of any list or table: the focus is on the first link of a row, so that Enter opens it, and who listens
// to the page hears it.

const row = '[role="row"][data-index], tbody > tr, li';
const target = "a[href], button:not(:disabled)";

/** The rows that can be opened, from the top of the page on. A list within a row is no list of rows. */
function rows(): HTMLElement[] {
  const all = [...document.querySelectorAll<HTMLElement>(`main :is(${row})`)];
  return all.filter(
    (each) => !each.parentElement?.closest(row) && each.querySelector(target) && each.checkVisibility(),
  );
}

function currentRow(): HTMLElement | undefined {
  return rows().find((each) => each.contains(document.activeElement));
}

/** Moves so many rows down, or up; from nowhere to the first row in sight. */
export function move(step: 1 | -1): void {
  const all = rows();
  const at = all.findIndex((each) => each.contains(document.activeElement));
  const next = at < 0 ? all.find((each) => each.getBoundingClientRect().top >= 0) : all[at + step];
  next?.querySelector<HTMLElement>(target)?.focus();
}

export function openInTab(): void {
  const link = document.activeElement?.closest("a[href]") ?? currentRow()?.querySelector("a[href]");
  if (link instanceof HTMLAnchorElement) window.open(link.href, "_blank", "noopener");
}

/** Selects the row, or all from the one that was selected before it. */
export function select({ range }: { range: boolean }): void {
  checkBoxOf(currentRow())?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: range }));
}

/** Selects the row where none is selected, so that what is done next is done to it. */
export function selectForAction(): void {
  const box = checkBoxOf(currentRow());
  if (box && !box.closest('[role="table"]')?.querySelector("input:checked")) box.click();
}

const checkBoxOf = (each: HTMLElement | undefined) =>
  each?.querySelector<HTMLInputElement>('input[type="checkbox"]');
