/** Every code that this plugin reports; the table in the README explains them. */
export const issueCodes = [
  'unsupported_image',
  'image_too_large',
  'image_truncated',
  'image_damaged',
  'image_animated',
  'image_without_pixels',
  'image_too_many_pixels',
  'image_too_complex',
  'extension_mismatch',
  'trailing_data',
  'image_not_rgb',
  'image_high_bit_depth',
  'image_uncommon_coding',
] as const

export type IssueCode = (typeof issueCodes)[number]
