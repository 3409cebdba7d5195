package bulk

// Sizes lets a test work in slices without a thousand records.
func (s *Service) Sizes(atOnce, slice int) { s.sizes = sizes{atOnce, slice} }
