// The few icons, drawn as lines in the colour of the text. Decoration only: the words beside them carry the meaning.

import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const IconDoor = () => (
  <Icon>
    <path d="M4 20.5h16M6.5 20.5v-15l7-2v17M13.5 5.5h4v15M10.6 12v.8" />
  </Icon>
);
export const IconShield = () => (
  <Icon>
    <path d="M12 3.5 5 6v5.5c0 4.3 2.9 7.6 7 9 4.1-1.4 7-4.7 7-9V6zM9 12l2.2 2.2L15.2 10" />
  </Icon>
);
export const IconFrame = () => (
  <Icon>
    <path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" />
  </Icon>
);
export const IconClock = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5V12l3 2" />
  </Icon>
);
export const IconCheck = () => (
  <Icon>
    <path d="m5.5 12.5 4.3 4.3 8.7-9.3" />
  </Icon>
);
export const IconLink = () => (
  <Icon>
    <path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3" />
  </Icon>
);
export const IconBack = () => (
  <Icon>
    <path d="M14.5 5.5 8 12l6.5 6.5" />
  </Icon>
);
export const IconNext = () => (
  <Icon>
    <path d="M9.5 5.5 16 12l-6.5 6.5" />
  </Icon>
);
export const IconClose = () => (
  <Icon>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
);
export const IconAlert = () => (
  <Icon>
    <path d="M12 4 3 19.5h18zM12 10v4.5M12 16.8v.3" />
  </Icon>
);
