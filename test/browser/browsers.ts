import { existsSync } from 'node:fs';
import { type Browser, chromium, firefox } from 'playwright';

/** The browsers that tests run in. */
export const browserNames = ['chromium', 'firefox'] as const;

/** One of them. */
export type BrowserName = (typeof browserNames)[number];

/** Where Debian installs them; elsewhere the environment says. */
const PLACES: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: [process.env['FIREFOX'] ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

/** The program of a browser; undefined where it is not installed. */
export function placeOf(name: BrowserName): string | undefined {
  return PLACES[name].find((place) => place !== '' && existsSync(place));
}

/** Chromium without a sandbox, as test machines run as root, and without calls home. */
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts a browser without a window.
 *
 * @throws Error where it is not installed
 */
export async function launch(name: BrowserName): Promise<Browser> {
  const executablePath = placeOf(name);
  if (executablePath === undefined)
    throw new Error(`${name} is not installed: name its program in ${name.toUpperCase()}`);
  return name === 'chromium'
    ? chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS })
    : firefox.launch({ executablePath, channel: 'moz-firefox' });
}
