/** The part of the page that has this id. */
export function partOf<T extends HTMLElement>(id: string, type: new () => T): T {
  const part = document.getElementById(id);
  if (!(part instanceof type)) throw new Error(`The page has no ${type.name} "${id}"`);
  return part;
}

/** Says something. What is said already is left as it is, or a screen reader would read it out again. */
export function say(output: HTMLOutputElement, text: string): void {
  if (output.textContent !== text) output.textContent = text;
}

/** A new element. What a server says goes in as text, and is never taken for HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
