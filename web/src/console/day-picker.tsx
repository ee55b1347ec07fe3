// The business day that a view shows: the one before, the one after, any by date, or today.

import { IconBack, IconNext } from "../shared/icons.tsx";
import { useDesk } from "./desk.ts";
import { shiftDay } from "./order.ts";

/** `chosen`: null for today; `day`: the one that is shown, as far as it is known. */
export function DayPicker({
  chosen,
  day,
  choose,
}: {
  chosen: string | null;
  day: string | null;
  choose: (day: string | null) => void;
}) {
  const { words } = useDesk();
  return (
    <div class="days">
      <button
        type="button"
        class="icon-button"
        aria-label={words.dayBefore}
        disabled={!day}
        onClick={() => day && choose(shiftDay(day, -1))}
      >
        <IconBack />
      </button>
      <input
        type="date"
        aria-label={words.day}
        value={day ?? ""}
        onChange={(event) => choose(event.currentTarget.value || null)}
      />
      <button
        type="button"
        class="icon-button"
        aria-label={words.dayAfter}
        disabled={!day}
        onClick={() => day && choose(shiftDay(day, 1))}
      >
        <IconNext />
      </button>
      <button type="button" class="text-button" disabled={chosen === null} onClick={() => choose(null)}>
        {words.today}
      </button>
    </div>
  );
}
