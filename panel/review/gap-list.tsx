/** Every gap of the session in words: when, which stream, why. */
import { say } from '../words/language.ts';
import type { Shown } from './shown.ts';
import { gapText } from './timeline.tsx';
import type { Transport } from './transport.ts';

/** The jump lands this long before the gap, so that one sees it coming. */
const LEAD_MS = 3_000;

export function GapList({ review, transport }: { readonly review: Shown; readonly transport: Transport }) {
  const gaps = review.streams
    .flatMap((stream) => stream.gaps.map((gap) => ({ stream, gap })))
    .sort((one, other) => one.gap.from - other.gap.from);
  return (
    <section class="gaps">
      <h2>{say('gaps.title', { n: gaps.length })}</h2>
      {gaps.length === 0 && <p>{say('gaps.none')}</p>}
      <ul>
        {gaps.map(({ stream, gap }) => (
          <li key={`${stream.id} ${gap.from}`}>
            <span class="tabular">{gapText(stream.name, gap)}</span>
            <button type="button" class="button" onClick={() => transport.seek(gap.from - LEAD_MS)}>
              {say('gaps.go')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
