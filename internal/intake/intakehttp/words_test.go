package intakehttp_test

import (
	"testing"

	"kizuki/internal/intake/intakehttp"
	"kizuki/internal/web/words"
	"kizuki/internal/web/words/wordstest"
)

func init() { words.Add(intakehttp.Words()) }

func TestWords(t *testing.T) {
	wordstest.CheckCatalogues(t, intakehttp.Words())
	wordstest.CheckTempl(t, ".")
}
