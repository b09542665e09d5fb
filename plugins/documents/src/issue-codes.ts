/** Every code that this plugin reports; the table in the README explains them. */
export const issueCodes = [
  'unsupported_media_type',
  'invalid_pdf',
  'invalid_document',
  'document_too_complex',
  'pdf_repaired',
  'text_not_unicode',
] as const

export type IssueCode = (typeof issueCodes)[number]
