package search

import (
	"kizuki/internal/id"
	"kizuki/internal/text/tokens"
)

// Tags say of a row what filters ask for, so that the index itself answers
// them.

// spaceTag keeps the workspaces apart where several share one index.
func spaceTag(ws id.ID) string     { return tokens.Tag('W', ws.String()) }
func kindTag(kind string) string   { return tokens.Tag('K', kind) }
func contractTag(ref id.ID) string { return tokens.Tag('C', ref.String()) }
func authorTag(ref id.ID) string   { return tokens.Tag('A', ref.String()) }

// longTag is on the passages of things that have several.
var longTag = tokens.Tag('L', "")
