import type { Step } from './body-strings.ts';

/**
 * The way to a place as a JSON Pointer (RFC 6901).
 *
 * @param nameOf how a step is called, if not by its name
 */
export function jsonPointer(step: Step, nameOf: (step: Step) => string = ({ name }) => name): string {
  const names: string[] = [];
  for (let at: Step | undefined = step; at !== undefined; at = at.up) names.push(nameOf(at));
  const escaped = names.reverse().map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'));
  return escaped.map((name) => `/${name}`).join('');
}
