/** Whether a path is that of a generic form for the fields of a node, which may hold long texts. */
export function isEditForm(path: string): boolean {
  return /\/-\/(?:edit|new\/[^/]+)$/.test(path)
}
