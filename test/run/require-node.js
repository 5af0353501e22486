// Plain JavaScript that imports nothing of ours: it has to run on the very Node.js that it finds wanting.

/** Where the sources run unbuilt, and what the dev dependency `node` brings to every npm script. */
const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(
    `\nThis is Node.js ${process.version} (${process.execPath}), but the scripts of this package need Node.js ${NEEDED}.\n` +
      'It comes with `npm ci`, unless install scripts are switched off (--ignore-scripts): install with them.\n',
  );
  console.log('0 passed, 1 failed');
  process.exit(1);
}
