import { Scrollable } from '../../components/scrollable';
import { type Histogram, type Slot, usedSlots } from '../../format/histogram';
import { grouped } from '../../format/number';
import { inline } from '../../format/value';

const SHOWN_MAX = 60;

/** Counts by power of two as bars, one figure a key. */
export function HistogramView({ histograms }: { histograms: readonly Histogram[] }) {
  const shown = [...histograms].sort((a, b) => total(b) - total(a)).slice(0, SHOWN_MAX);
  return (
    <Scrollable className="scroll histograms" label="Histograms">
      {shown.map((histogram) => (
        <Figure key={JSON.stringify(histogram.key ?? null)} histogram={histogram} />
      ))}
      {histograms.length > SHOWN_MAX && (
        <p class="quiet">The {SHOWN_MAX} with the most counts are shown; the table has all.</p>
      )}
    </Scrollable>
  );
}

function Figure({ histogram }: { histogram: Histogram }) {
  const slots = usedSlots(histogram.slots);
  const top = Math.max(...slots.map(({ count }) => count));
  const title = histogram.key === undefined ? 'All' : inline(histogram.key);
  return (
    <figure class="histogram card">
      <figcaption>
        <span class="mono">{title}</span>
        <span class="quiet">{grouped(total(histogram))} in all</span>
      </figcaption>
      {slots.length === 0 ? (
        <p class="quiet">Nothing counted yet.</p>
      ) : (
        <table class="bars">
          <thead class="visually-hidden">
            <tr>
              <th scope="col">Range</th>
              <th scope="col">Count</th>
            </tr>
          </thead>
          <tbody>
            {slots.map((slot) => (
              <Bar key={slot.low} slot={slot} top={top} unit={histogram.unit} />
            ))}
          </tbody>
        </table>
      )}
    </figure>
  );
}

function Bar({ slot, top, unit }: { slot: Slot; top: number; unit?: string }) {
  return (
    <tr>
      <th scope="row" class="mono">
        {slot.low} – {slot.high} {unit && <span class="faint">{unit}</span>}
      </th>
      <td class="bar-cell">
        <span class="bar" style={{ width: `${(slot.count / top) * 100}%` }} />
      </td>
      <td class="num figure">{grouped(slot.count)}</td>
    </tr>
  );
}

function total({ slots }: Histogram): number {
  return slots.reduce((sum, count) => sum + count, 0);
}
