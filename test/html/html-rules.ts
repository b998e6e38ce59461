import type { ConfigData } from 'html-validate'

/** Rules that the HTML of all pages keeps: those recommended, but for these few. */
export const HTML_RULES: ConfigData = {
  root: true,
  extends: ['html-validate:recommended'],
  rules: {
    // Style of writing, not validity: `<!doctype html>`, `<path/>`, lines that templates leave empty.
    'doctype-style': 'off',
    'void-style': 'off',
    'no-trailing-whitespace': 'off',
    'attribute-boolean-style': 'off',
    'attribute-empty-style': 'off',
    // Titles are those of pages, as long as their authors make them.
    'long-title': 'off',
    // The frame of a wide table scrolls, so it takes the focus and has a name; it is no section of the text.
    'prefer-native-element': ['error', { exclude: ['region'] }],
    // Boxes to tick send several values by one name.
    'form-dup-name': ['error', { shared: ['radio', 'button', 'reset', 'submit', 'checkbox'] }],
    // ARIA lets lists have names: the tree is one until its script has made it a tree.
    'aria-label-misuse': ['error', { allowAnyNamable: true }],
  },
}
