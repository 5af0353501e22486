import process from 'node:process';

/** Whether everything is to be tried (`npm run soak`), and not a part of it that `npm test` has time for. */
export const isSoak = process.env['SOAK'] !== undefined;

/** What all chance in these tests comes from: SEED, which a soak draws, and one number in `npm test`. */
export const seed = wholeNumber('SEED', 1);

/** How to run something again, for the output of a test. */
export const replay = `SEED=${seed} npm ${isSoak ? 'run soak' : 'test'}`;

/** The seeds of so many runs by chance, a tenth of them in `npm test`; ROUNDS says how many instead. */
export function seeds(soak: number): number[] {
  const rounds = wholeNumber('ROUNDS', isSoak ? soak : Math.ceil(soak / 10));
  return Array.from({ length: rounds }, (_, round) => seed + round);
}

function wholeNumber(variable: string, usual: number): number {
  const number = Number(process.env[variable] ?? usual);
  if (!Number.isSafeInteger(number))
    throw new Error(`${variable} must be a whole number, not ${process.env[variable]}`);
  return number;
}
