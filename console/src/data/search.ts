/** The part of an address after `?`: names with their values, each a list where there are several. */
export type Search = Record<string, string | string[] | undefined>;

// Plain `name=value`, as people and other programs write it; the router's own form is JSON.

export function readSearch(text: string): Search {
  const params = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const values = params.getAll(name);
      return [name, values.length > 1 ? values : values[0]];
    }),
  );
}

export function writeSearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined && each !== null && each !== "") params.append(name, String(each));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
