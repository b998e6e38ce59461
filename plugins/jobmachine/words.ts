/** A name of code in words for people: `unitPrice` -> `Unit price`; what has no letters stays as it is. */
export function words(name: string): string {
  const text = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_.\s]+/g, ' ')
    .trim()
    .toLowerCase()
  return text === '' ? name : text.charAt(0).toUpperCase() + text.slice(1)
}
