/** A message as a sentence of its own begins: with a capital. */
export function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1)
}
