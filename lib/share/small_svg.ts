/** Makes pictures of charts smaller, for a page that is sent. */

/** An attribute that screen readers take: of a picture they read its text alone. */
const SPOKEN = / (?:aria-[a-z]+|role)="[^"]*"/g;
/** A number of more than two decimals: a hundredth of a pixel can't be seen. */
const LONG = /(\d\.\d\d)\d+/g;

/** Drops from an SVG what can't be seen or heard in an `img`: about half of it. Its texts stay as they are. */
export function smallSvg(svg: string): string {
  return svg.replace(/<[^>]*>/g, (tag) => tag.replace(SPOKEN, "").replace(LONG, "$1"));
}
