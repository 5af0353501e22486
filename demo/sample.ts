const DISHES = [
  'Pancakes',
  'Lentil soup',
  'Apple pie',
  'Ratatouille',
  'Potato salad',
  'Mushroom risotto',
  'Fish stew',
  'Plum dumplings',
];
const MANNERS = ['Grandmother’s', 'Quick', 'Sunday', 'Spicy', 'Summer', 'Vegan', 'Festive', 'Leftover'];
const INGREDIENTS = [
  'flour',
  'eggs',
  'milk',
  'butter',
  'salt',
  'onions',
  'garlic',
  'tomatoes',
  'rice',
  'lentils',
  'apples',
  'thyme',
];

/**
 * A cookbook that many hands have written: recipes of several generations, some that two people changed at once, some thrown
 * away, and `pancakes`. The same every time.
 *
 * @param count how many recipes beside `pancakes`
 * @returns documents as JSON text with `_revisions`, as `_bulk_docs` takes them with `new_edits: false`
 */
export function sampleRecipes(count = 1200): string[] {
  const revisions = [
    revision('pancakes', ['first'], {
      title: 'Pancakes',
      serves: 4,
      ingredients: { flour: '250 g', eggs: 3, milk: '500 ml' },
      grains: 0,
    })
      // No JavaScript number holds this one; it must come out as it went in.
      .replace('"grains":0', '"grains":1152921504606846977'),
  ];
  for (let index = 0; index < count; index += 1) {
    const id = `recipe-${index.toString().padStart(5, '0')}`;
    // Two of three recipes were never touched again; the others were edited once or more often.
    const edits = index % 3 === 0 ? 1 + (index % 5) : 0;
    const ancestry = Array.from({ length: edits + 1 }, (_, back) => `${id}/${edits - back}`);
    const recipe = recipeOf(index, edits);
    if (index % 40 === 39)
      revisions.push(revision(id, [`${id}/deleted`, ...ancestry], { _deleted: true, because: 'nobody liked it' }));
    else revisions.push(revision(id, ancestry, recipe));
    if (index % 60 === 30)
      revisions.push(
        revision(id, [`${id}/other`, ...ancestry.slice(1)], {
          ...recipe,
          serves: 8,
          note: 'changed on the other phone',
        }),
      );
  }
  return revisions;
}

function recipeOf(index: number, edits: number): object {
  const pick = (list: readonly string[], step: number): string => list[(index * step + step) % list.length] ?? '';
  return {
    title: `${pick(MANNERS, 3)} ${pick(DISHES, 5)} No. ${index}`,
    serves: 2 + (index % 5),
    ingredients: Object.fromEntries(
      [1, 5, 7, 11].map((step) => [pick(INGREDIENTS, step), `${((index * step) % 9) + 1} parts`]),
    ),
    steps: ['Wash and cut what there is', 'Cook it slowly', 'Taste, and add what is missing', 'Serve it warm'],
    edited: edits,
  };
}

/** @param lineage one word for each generation, the newest first */
function revision(_id: string, lineage: readonly string[], rest: object): string {
  const ids = lineage.map(hash);
  return JSON.stringify({ _id, _rev: `${ids.length}-${ids[0]}`, _revisions: { start: ids.length, ids }, ...rest });
}

/** Thirty-two hexadecimal digits that look like a revision's: FNV-1a, four times over. */
function hash(text: string): string {
  let digits = '';
  for (let round = 0; round < 4; round += 1) {
    let value = 0x811c9dc5 ^ round;
    for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
    digits += (value >>> 0).toString(16).padStart(8, '0');
  }
  return digits;
}
