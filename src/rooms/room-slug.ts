/** Letters that are told apart when read aloud or by hand: no l, o, q, c, x or y. */
const CONSONANTS = 'bdfghjkmnprstvwz';
const VOWELS = 'aeiu';
const SYLLABLES_PER_WORD = 3;

/** Random bytes that a slug takes: 3 words of 3 syllables of 16 × 4 choices are 54 bits, beyond guessing by joins. */
export const SLUG_BYTES = 9;

/** A slug that can be said and typed, as in `badefi-gahuje-kimapu`, from `SLUG_BYTES` random bytes. */
export function slugFrom(random: Uint8Array): string {
  let slug = '';
  random.forEach((byte, at) => {
    if (at > 0 && at % SYLLABLES_PER_WORD === 0) slug += '-';
    slug += `${CONSONANTS[byte & 15]}${VOWELS[(byte >> 4) & 3]}`;
  });
  return slug;
}
