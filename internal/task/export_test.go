package task

import "kizuki/internal/contract/walk"

// SetLimits makes the limits of lists small.
func SetLimits(s *Service, l walk.Limits) { s.limits = l }
