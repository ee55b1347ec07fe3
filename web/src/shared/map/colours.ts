// The map's colours, read from the style sheet, so that day and night are defined in one place.

const NAMES = {
  ground: "--map-ground",
  block: "--map-block",
  park: "--map-park",
  water: "--map-water",
  building: "--map-building",
  road: "--map-road",
  roadEdge: "--map-road-edge",
  label: "--map-label",
  parkLabel: "--map-park-label",
  waterLabel: "--map-water-label",
} as const;

export type GroundColours = Record<keyof typeof NAMES, string>;

export function groundColours(element: Element): GroundColours {
  return readColours(element, NAMES);
}

/** The values of custom properties at an element. */
export function readColours<Name extends string>(element: Element, names: Record<Name, string>): Record<Name, string> {
  const css = getComputedStyle(element);
  const entries = Object.entries<string>(names).map(([name, property]) => [
    name,
    css.getPropertyValue(property).trim() || "#888",
  ]);
  return Object.fromEntries(entries) as Record<Name, string>;
}
