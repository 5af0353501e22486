import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's young generation at its first size. V8 doubles it each time as much has survived in it as it is large: a
 * process that runs for long grows by up to 100 MiB so, whatever it holds, and a pull gains nothing by it.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
