package app_test

import (
	"testing"

	"kizuki/internal/api"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/digest/digesthttp"
	"kizuki/internal/field/fieldhttp"
	"kizuki/internal/file/filehttp"
	"kizuki/internal/handover/handoverhttp"
	"kizuki/internal/intake/intakehttp"
	"kizuki/internal/org/orghttp"
	"kizuki/internal/renewal/renewalhttp"
	"kizuki/internal/rule/rulehttp"
	"kizuki/internal/search/searchhttp"
	"kizuki/internal/task/taskhttp"
	"kizuki/internal/timeline/timelinehttp"
	"kizuki/internal/today/todayhttp"
	"kizuki/internal/view/viewhttp"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/workspace/workspacehttp"
)

// Every sentence is there in both languages, every key the code uses exists,
// and no page holds a word of its own.
func TestWords(t *testing.T) {
	wordstest.CheckCatalogues(t, api.Words(), workspacehttp.Words(), fieldhttp.Words(), orghttp.Words(), contracthttp.Words(), renewalhttp.Words(),
		timelinehttp.Words(), filehttp.Words(), taskhttp.Words(), rulehttp.Words(), handoverhttp.Words(), todayhttp.Words(), intakehttp.Words(), searchhttp.Words(), digesthttp.Words(), viewhttp.Words())
	wordstest.CheckTempl(t, "../..")
}
