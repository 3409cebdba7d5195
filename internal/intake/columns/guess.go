package columns

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/money"
	"kizuki/internal/org"
	"kizuki/internal/text"
)

// heads are the headers by which the targets are known, the surest first.
// They are compared by headKey.
var heads = func() map[string][]string {
	out := map[string][]string{}
	for _, line := range strings.Split(headTable, "\n") {
		words := strings.Fields(line)
		for _, w := range words[1:] {
			out[words[0]] = append(out[words[0]], headKey(w))
		}
	}
	return out
}()

const headTable = `key 契約ID 契約番号 契約No 契約コード 契約キー 契約管理番号 contract_id contract_no contract_number contract_key contract_code subscription_id 管理番号 管理No 管理ID 顧客ID 顧客番号 顧客コード 顧客No customer_id customer_no customer_number customer_code account_id client_id 会員番号 会員ID 取引先コード テナントID tenant_id cid ID key コード code 番号 No uuid
name 契約名 契約名称 案件名 案件 契約 件名 contract_name deal_name deal title name 商談名 opportunity_name
organization 会社名 会社 顧客名 顧客 取引先 取引先名 企業名 企業 法人名 団体名 団体 自治体名 自治体 契約先 契約先名 社名 お客様名 お客さま名 クライアント クライアント名 学校名 病院名 施設名 組織名 組織 organization organisation company company_name customer customer_name account account_name client client_name 市区町村 市区町村名 city municipality associated_company 顧客ID 顧客番号 顧客コード customer_id customer_no customer_code account_id client_id 取引先コード
department 部署 部署名 部門 部門名 契約部署 利用部署 department dept division
corporate_number 法人番号 corporate_number
owner 担当CSM CSM 担当 担当者 担当者名 自社担当 自社担当者 弊社担当 当社担当 社内担当 CS担当 CS担当者 契約担当 契約担当者 オーナー owner owner_name owner_email csm_name assignee assigned_to account_manager 商談所有者 取引先所有者 所有者 opportunity_owner account_owner company_owner deal_owner
status ステータス 契約ステータス 状態 契約状態 状況 契約状況 status contract_status
phase フェーズ 段階 利用段階 ライフサイクル ステージ phase stage lifecycle lifecycle_phase lifecycle_stage 商談フェーズ deal_stage opportunity_stage
start_date 契約開始日 開始日 利用開始日 契約開始 契約日 課金開始日 開始 start_date contract_start_date contract_start start begin_date
renewal_date 更新日 契約更新日 次回更新日 更新予定日 契約終了日 契約満了日 満了日 満期日 終了日 契約終了 契約満了 契約期限 有効期限 終了 renewal_date renewal renews_on contract_end_date contract_end end_date expiry_date expiration_date expires
notice_date 解約通知期限 通知期限 解約申入期限 解約予告期限 解約期限 notice_date notice_deadline cancellation_deadline
auto_renew 自動更新 自動継続 auto_renew auto_renewal auto_renew_flag
term_type 契約の形 契約形態 契約種別 契約区分 トライアル term_type is_trial trial contract_type
churned 解約フラグ 解約済 解約済み churn_flag churned is_churned
ended_on 解約日 終了した日 解約年月日 ended_on churn_date churned_on cancelled_on canceled_on cancellation_date
amount 契約金額 月額 年額 金額 月額料金 年額料金 月額金額 年額金額 月額利用料 年間契約金額 契約額 利用料 料金 mrr_amount MRR arr_amount ARR ACV amount contract_amount contract_value monthly_charges monthly_fee monthly_amount annual_fee annual_amount price fee total_charges
amount_basis 金額区分 課金単位 請求単位 支払区分 請求サイクル 課金サイクル amount_basis billing_cycle billing_period billing_frequency billing_interval
currency 通貨 通貨コード currency currency_code 金額通貨 amount_currency
domain ドメイン メールドメイン domain mail_domain email_domain
contact_name 先方担当 先方担当者 先方担当者名 先方 お客様担当 お客様担当者 顧客担当者 顧客側担当 顧客側担当者 顧客側の担当 窓口 窓口担当 窓口担当者 contact contact_name contact_person 先方担当者様 ご担当者 ご担当者名 ご担当者様 取引先責任者 取引先責任者名
contact_mail 先方メール 先方メールアドレス 先方担当メール メール メールアドレス Eメール mail email mail_address email_address contact_mail contact_email
note 経緯 備考 メモ コメント 特記事項 所感 note notes comment comments memo remarks`

// headKey is a header without what people decorate it with: brackets and what
// is in them, marks, spaces, underscores.
func headKey(s string) string {
	s = text.Fold(s)
	depth := 0
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("([{【〔<", r):
			depth++
		case strings.ContainsRune(")]}】〕>", r):
			depth = max(depth-1, 0)
		case depth == 0 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return r
		}
		return -1
	}, s)
}

// guesser gives each target one column.
type guesser struct {
	columns  []Surveyed
	currency string
	found    map[string]string // column → target
	has      map[string]bool   // targets found
}

// guess finds out what the columns mean, by their headers in Japanese or
// English and then by what stands in them. The rest becomes custom fields. An
// amount whose decimals the currency does not have (29.85 yen) is a number
// field rather than money.
func Guess(columns []Surveyed, currency string) Mapping {
	return Mapping{Rest: RestFields}.Extend(columns, currency)
}

// Extend guesses what the columns mean that a remembered mapping does not name.
func (m Mapping) Extend(columns []Surveyed, currency string) Mapping {
	g := guesser{columns: columns, currency: currency, found: map[string]string{}, has: map[string]bool{}}
	for name, target := range m.Columns {
		g.found[name], g.has[target] = target, true
	}
	for _, target := range targets {
		if !g.has[target] && !(target == "amount_basis" && g.basisKnown()) {
			g.byHead(target)
		}
	}
	g.byValues("corporate_number", isNumber)
	g.mails()
	if !g.has["key"] {
		g.uniqueKey()
	}
	return Mapping{Columns: g.found, Rest: m.Rest}
}

// basisKnown: the header of the amount says what it is for; how often 月額 is
// billed is then another matter.
func (g *guesser) basisKnown() bool {
	for name, target := range g.found {
		if target == "amount" && headBasis(name) != "" {
			return true
		}
	}
	return false
}

func (g *guesser) take(c Surveyed, target string) {
	g.found[c.Name], g.has[target] = target, true
}

// free are the columns without a target that hold something.
func (g *guesser) free() []Surveyed {
	return slices.DeleteFunc(slices.Clone(g.columns), func(c Surveyed) bool { return g.found[c.Name] != "" || c.filled == 0 })
}

func (g *guesser) byHead(target string) {
	var fit []Surveyed
	for _, head := range heads[target] {
		for _, c := range g.free() {
			if headKey(c.Name) == head && g.plausible(target, c) {
				fit = append(fit, c)
			}
		}
	}
	if len(fit) == 0 {
		return
	}
	best := fit[0]
	if at := slices.IndexFunc(fit, func(c Surveyed) bool { return !c.repeats }); target == "key" && at >= 0 {
		best = fit[at] // of No and 契約番号 the one that tells rows apart
	}
	g.take(best, target)
}

// plausible asks the values whether the header may be right.
func (g *guesser) plausible(target string, c Surveyed) bool {
	switch target {
	case "start_date", "renewal_date", "notice_date", "ended_on":
		return c.most(func(s string) bool { _, err := cal.Parse(s); return err == nil })
	case "term_type":
		return c.most(func(s string) bool { _, ok := contract.TermTypeOf(s); return ok })
	case "churned":
		return g.has["renewal_date"] && c.most(isYesNo)
	case "amount":
		precise := !slices.ContainsFunc(c.cells, func(s string) bool { return tooPrecise(s, g.currency) })
		return precise && c.most(func(s string) bool { _, err := money.Parse(s, g.currency); return err == nil })
	case "corporate_number":
		return c.most(isNumber)
	case "contact_mail":
		return c.most(isMail)
	}
	return true
}

// tooPrecise: where no currency is mapped, decimals that the workspace's does
// not have mean that the column is no money of ours.
func tooPrecise(s, currency string) bool {
	_, err := money.Parse(s, currency)
	e, ok := err.(*money.ParseError)
	return ok && e.Kind == money.TooPrecise
}

func isYesNo(s string) bool {
	_, err := field.Field{Type: field.Checkbox}.Parse(s, field.ParseCtx{})
	return err == nil
}

func isNumber(s string) bool {
	n, err := org.ParseNumber(s)
	return err == nil && n != ""
}

func isMail(s string) bool {
	a, err := mail.ParseAddress(strings.TrimSpace(s))
	return err == nil && strings.Contains(a.Address, "@")
}

// byValues gives the target the first free column whose values are nearly all
// of its kind.
func (g *guesser) byValues(target string, is func(string) bool) {
	for _, c := range g.free() {
		if !g.has[target] && c.nearlyAll(is) {
			g.take(c, target)
		}
	}
}

// mails: addresses of one company that come again are our own people, those of
// many companies are people at the customers.
func (g *guesser) mails() {
	for _, c := range g.free() {
		if !c.nearlyAll(isMail) {
			continue
		}
		domains := map[string]bool{}
		for _, s := range c.cells {
			_, domain, _ := strings.Cut(s, "@")
			domains[text.Fold(domain)] = true
		}
		switch own := len(domains) == 1 && c.repeats; {
		case own && !g.has["owner"]:
			g.take(c, "owner")
		case !own && !g.has["contact_mail"]:
			g.take(c, "contact_mail")
		}
	}
}

// uniqueKey takes the first column that tells the rows apart: one of codes if
// there is one, else one of names, be it the organization's. Names alone do
// not make a list of contracts: where no other column was recognized (a text
// read as a table of one column) somebody has to say what is what.
func (g *guesser) uniqueKey() {
	unique := func(c Surveyed) bool { return !c.repeats && c.blank == 0 && c.filled > 1 && c.Type != field.Date }
	for _, c := range g.free() {
		if unique(c) && c.nearlyAll(isCode) {
			g.take(c, "key")
			return
		}
	}
	if len(g.found) == 0 {
		return
	}
	for _, c := range g.columns {
		if t := g.found[c.Name]; unique(c) && (t == "" && c.Type == field.Text || t == "organization" || t == "name") {
			delete(g.has, t)
			g.take(c, "key")
			return
		}
	}
}

// isCode: short, with a digit, and nothing but Latin letters, digits and joints.
func isCode(s string) bool {
	return len(s) <= 40 && strings.ContainsFunc(s, unicode.IsDigit) && !strings.ContainsFunc(s, func(r rune) bool {
		return r > 127 || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_/#", r))
	})
}
