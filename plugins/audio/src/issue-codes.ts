/** Every code that this plugin reports; the table in the README explains them. */
export const issueCodes = ['unsupported_media_type', 'invalid_audio'] as const

export type IssueCode = (typeof issueCodes)[number]
