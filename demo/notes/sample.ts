import { Buffer } from 'node:buffer';
import type { DocumentInput } from '../server/index.ts';

const PLACES = [
  'The lake',
  'Crête du Midi',
  'The old mill',
  'Žďár',
  'The harbour',
  'A field of rye',
  'The pass',
  'Dunes',
];
const HOURS = [
  { name: 'in the morning', sky: '#f9d9a8', land: '#6b8f71' },
  { name: 'at noon', sky: '#9fd3f5', land: '#4c8c4a' },
  { name: 'in the evening', sky: '#f2a27c', land: '#54506b' },
];
const THOUGHTS = [
  'Nobody was there but a heron. I stayed until it left.',
  'The light did what the weather report had promised, for once.',
  'Bring the other lens next time, and something to sit on.',
  'Met a man who has walked this way every day for thirty years. He says that it never is the same.',
  'Rain from the left. Tea from the flask.',
];

/** A notebook of walks, every other note with a picture. The same every time. */
export function sampleNotes(count = 24): DocumentInput[] {
  return Array.from({ length: count }, (_, index) => {
    const place = pick(PLACES, index);
    const hour = pick(HOURS, index);
    const svg = landscape(hour.sky, hour.land, index);
    const picture = { content_type: 'image/svg+xml', data: Buffer.from(svg).toString('base64') };
    return {
      _id: `note-${String(index + 1).padStart(3, '0')}`,
      title: `${place} ${hour.name}`,
      text: `${pick(THOUGHTS, index)}\n\n${pick(THOUGHTS, index + 2)}`,
      written: new Date(Date.UTC(2026, 4, 1 + index, 6 + index)).toISOString(),
      ...(index % 2 === 0 && { _attachments: { [`${place}.svg`]: picture } }),
    };
  });
}

/** Hills before a sky, with a sun. */
function landscape(sky: string, land: string, index: number): string {
  const [left, right] = [60 + ((index * 37) % 70), 60 + ((index * 53) % 70)];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="240" viewBox="0 0 480 240">
<rect width="480" height="240" fill="${sky}"/><circle cx="${60 + ((index * 83) % 360)}" cy="60" r="24" fill="#fff6d5"/>
<path d="M0 ${240 - left}Q120 ${120 - left / 2} 240 ${200 - right / 3}T480 ${240 - right}V240H0Z" fill="${land}"/>
<path d="M0 210Q160 ${170 + (index % 30)} 480 220V240H0Z" fill="#0004"/></svg>`;
}

function pick<T>(list: readonly T[], index: number): T {
  const [first] = list;
  const chosen = list[index % list.length] ?? first;
  if (chosen === undefined) throw new Error('There is nothing to pick from');
  return chosen;
}
