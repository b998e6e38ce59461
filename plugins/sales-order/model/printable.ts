/** Characters of Windows-1252 beyond Latin-1, which the standard fonts of PDF have. */
const beyondLatin1 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ'

/** Letters that Unicode does not take apart into a letter and an accent. */
const likeness: Readonly<Record<string, string>> = {
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ẞ: 'SS',
}

/**
 * The text with only those characters that the standard fonts of PDF have: others lose their accent (`ő` -> `o`), and
 * become a question mark when they are of another alphabet.
 */
export function printable(text: string): string {
  return Array.from(text.normalize('NFC'), (char) => (isPrintable(char) ? char : replacement(char))).join('')
}

function isPrintable(char: string): boolean {
  const code = char.codePointAt(0) ?? 0
  return (
    code === 10 || (code >= 32 && code < 127) || (code >= 160 && code < 256) || beyondLatin1.includes(char)
  )
}

function replacement(char: string): string {
  const bare = likeness[char] ?? char.normalize('NFKD').replace(/\p{M}/gu, '')
  return bare !== '' && Array.from(bare).every(isPrintable) ? bare : '?'
}
