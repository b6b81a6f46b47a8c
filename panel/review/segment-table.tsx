/** The segments of one stream with their checksums and the centre's receipts, a page at a time. */
import { useState } from 'preact/hooks';
import type { ReviewSegment, ReviewView } from '../../controller/api/contract.ts';
import { sizeText, timeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';
import { copyText } from './copy-text.ts';
import type { Transport } from './transport.ts';

const PAGE_ROWS = 20;
const SHORT_HASH_CHARACTERS = 12;

export function SegmentTable({ review, transport }: { readonly review: ReviewView; readonly transport: Transport }) {
  const [chosen, choose] = useState<string | null>(null);
  const [page, setPage] = useState(0);
  const stream = review.streams.find((one) => one.id === chosen) ?? review.streams[0];
  if (stream === undefined) return null;
  const { segments } = stream;
  const pages = Math.max(1, Math.ceil(segments.length / PAGE_ROWS));
  const shown = Math.min(page, pages - 1);
  const goToPlayhead = () => {
    const at = transport.position.peek();
    const index = segments.findIndex((segment) => segment.to > at);
    setPage(Math.floor((index < 0 ? segments.length - 1 : index) / PAGE_ROWS));
  };
  return (
    <section class="segments">
      <h2>{say('segments.title')}</h2>
      <div class="segments-bar">
        <select
          aria-label={say('segments.stream')}
          value={stream.id}
          onChange={(event) => {
            choose(event.currentTarget.value);
            setPage(0);
          }}
        >
          {review.streams.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
        <button type="button" class="button" disabled={shown === 0} onClick={() => setPage(shown - 1)}>
          {say('segments.earlier')}
        </button>
        <span class="tabular">{say('segments.page', { n: shown + 1, m: pages, count: segments.length })}</span>
        <button type="button" class="button" disabled={shown >= pages - 1} onClick={() => setPage(shown + 1)}>
          {say('segments.later')}
        </button>
        <button type="button" class="button" onClick={goToPlayhead}>
          {say('segments.here')}
        </button>
      </div>
      {segments.length === 0 ? (
        <p>{say('segments.none')}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>{say('segments.number')}</th>
              <th>{say('segments.from')}</th>
              <th>{say('segments.length')}</th>
              <th>{say('segments.size')}</th>
              <th>{say('segments.sha256')}</th>
              <th>{say('segments.receipt')}</th>
              <th>{say('segments.place')}</th>
            </tr>
          </thead>
          <tbody>
            {segments.slice(shown * PAGE_ROWS, (shown + 1) * PAGE_ROWS).map((segment, index) => (
              <SegmentRow key={segment.id} segment={segment} number={shown * PAGE_ROWS + index + 1} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function SegmentRow({ segment, number }: { readonly segment: ReviewSegment; readonly number: number }) {
  const [copied, setCopied] = useState(false);
  return (
    <tr data-segment={segment.id}>
      <td class="tabular">{number}</td>
      <td class="tabular">{timeText(segment.from)}</td>
      <td class="tabular">{((segment.to - segment.from) / 1000).toFixed(1)} s</td>
      <td class="tabular">{sizeText(segment.bytes)}</td>
      <td>
        <code title={segment.sha256}>{segment.sha256.slice(0, SHORT_HASH_CHARACTERS)}…</code>{' '}
        <button
          type="button"
          class="segment-copy"
          onClick={() => setCopied(copyText(segment.sha256))}
          onBlur={() => setCopied(false)}
        >
          {say(copied ? 'segments.copied' : 'segments.copy')}
        </button>
      </td>
      <td data-receipt={segment.receiptedAt !== null}>
        {segment.receiptedAt === null ? (
          say('segments.waiting')
        ) : (
          <>
            <Icon name="check" /> {say('segments.receipted', { time: timeText(segment.receiptedAt) })}
          </>
        )}
      </td>
      <td data-place={segment.place}>{say(`segments.place-${segment.place}`)}</td>
    </tr>
  );
}
