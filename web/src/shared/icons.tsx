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
export const IconBoard = () => (
  <Icon>
    <path d="M4.5 6h2M4.5 12h2M4.5 18h2M10 6h9.5M10 12h9.5M10 18h9.5" />
  </Icon>
);
export const IconMap = () => (
  <Icon>
    <path d="M9 4.5 3.5 7v12.5L9 17l6 2.5 5.5-2.5V4.5L15 7zM9 4.5V17M15 7v12.5" />
  </Icon>
);
export const IconBell = () => (
  <Icon>
    <path d="M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5zM10 20.5h4" />
  </Icon>
);
export const IconPerson = () => (
  <Icon>
    <path d="M12 11.5a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2zM4.8 20c.6-3.8 3.5-5.8 7.2-5.8s6.6 2 7.2 5.8" />
  </Icon>
);
export const IconChart = () => (
  <Icon>
    <path d="M4 20h16M7 16.5v-5M12 16.5v-10M17 16.5v-7" />
  </Icon>
);
export const IconHand = () => (
  <Icon>
    <path d="M8 12.5v-7a1.5 1.5 0 0 1 3 0v5V4.2a1.5 1.5 0 0 1 3 0v6.3-5a1.5 1.5 0 0 1 3 0V14c0 4-2.2 6.5-5.6 6.5-3 0-4.2-1.4-5.6-4.2l-1.6-3.4c-.5-1.2 1-2.2 2-1.2z" />
  </Icon>
);
export const IconRoute = () => (
  <Icon>
    <path d="M6 20.2a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 7.8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 18.2h7.5a3.1 3.1 0 0 0 0-6.2h-7a3.1 3.1 0 0 1 0-6.2H16" />
  </Icon>
);
export const IconPlay = () => (
  <Icon>
    <path d="M8 5.5v13l10.5-6.5z" />
  </Icon>
);
export const IconPause = () => (
  <Icon>
    <path d="M8.5 6v12M15.5 6v12" />
  </Icon>
);
export const IconDevice = () => (
  <Icon>
    <path d="M8 3.5h8a1.5 1.5 0 0 1 1.5 1.5v14a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.5zM10.8 17.5h2.4" />
  </Icon>
);
export const IconLetter = () => (
  <Icon>
    <path d="M4 6h16v12H4zM4.5 6.5 12 13l7.5-6.5" />
  </Icon>
);
export const IconTag = () => (
  <Icon>
    <path d="M4 4.5h7.5L20 13l-7 7-8.5-8.5zM8 8.2v.3" />
  </Icon>
);
export const IconBeacon = () => (
  <Icon>
    <path d="M12 12v.3M8.6 15.4a4.8 4.8 0 0 1 0-6.8M15.4 8.6a4.8 4.8 0 0 1 0 6.8M5.8 18.2a8.8 8.8 0 0 1 0-12.4M18.2 5.8a8.8 8.8 0 0 1 0 12.4" />
  </Icon>
);
