//! `CREATE FUNCTION`: SQL bodies and Java classes.

use kindling_spec::{ColumnDefinition, Command, CreateFunction, FunctionBody, StructType};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    pub(super) fn create_function(&mut self, start: usize, replace: bool, temporary: bool) -> PResult<Command> {
        self.expect(K::FUNCTION)?;
        let if_not_exists = self.eat_if_not_exists();
        if if_not_exists && replace {
            let condition = "INVALID_SQL_SYNTAX.CREATE_ROUTINE_WITH_IF_NOT_EXISTS_AND_REPLACE";
            return Err(error::at(condition, &self.origin_to_end(start)));
        }
        if if_not_exists && temporary {
            let condition = "INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS";
            return Err(error::at(condition, &self.origin_to_end(start)));
        }
        let name = self.reference()?;
        let mut function = CreateFunction {
            name,
            temporary,
            replace,
            if_not_exists,
            parameters: vec![],
            return_type: None,
            return_table: None,
            body: FunctionBody::Class(String::new()),
            comment: None,
            deterministic: None,
            contains_sql: false,
            reads_sql_data: false,
            text: String::new(),
        };
        if self.eat(K::AS) {
            function.body = FunctionBody::Class(self.string()?);
            if self.eat(K::USING) {
                self.comma_list(|p| {
                    p.identifier()?;
                    p.string()
                })?;
            }
            return Ok(Command::CreateFunction(Box::new(function)));
        }
        self.expect_symbol(Symbol::LeftParen)?;
        if !self.is_symbol(Symbol::RightParen) {
            function.parameters = self.comma_list(|p| p.function_parameter(start))?;
        }
        self.expect_symbol(Symbol::RightParen)?;
        if self.is(K::RETURNS) && !self.is_seq(&[K::RETURNS, K::NULL, K::ON]) {
            self.advance();
            self.function_result(&mut function)?;
        }
        self.routine_characteristics(&mut function)?;
        self.expect(K::RETURN)?;
        let body = self.start();
        let query = if self.is_query_start_at(0) {
            self.attempt(|p| {
                let query = p.query()?;
                if p.at_statement_end() { Ok(query) } else { Err(p.unexpected()) }
            })?
        } else {
            None
        };
        function.body = match query {
            Some(query) => FunctionBody::Query(Box::new(query), self.source(body)),
            None => {
                let expr = self.expression()?;
                FunctionBody::Expr(Box::new(expr), self.source(body))
            }
        };
        function.text = self.source(start);
        Ok(Command::CreateFunction(Box::new(function)))
    }

    fn function_result(&mut self, function: &mut CreateFunction) -> PResult<()> {
        if self.is(K::TABLE) {
            self.advance();
            let mut columns = StructType::default();
            if self.eat_symbol(Symbol::LeftParen) {
                columns = self.column_list(false)?;
                self.expect_symbol(Symbol::RightParen)?;
            }
            function.return_table = Some(columns);
        } else {
            function.return_type = Some(self.data_type()?);
        }
        Ok(())
    }

    fn function_parameter(&mut self, statement: usize) -> PResult<ColumnDefinition> {
        let name = self.plain_identifier()?;
        let data_type = self.data_type()?;
        let mut column =
            ColumnDefinition { name, data_type, nullable: true, comment: None, default: None, generated: None };
        loop {
            if self.is(K::GENERATED) {
                let condition = "INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_GENERATED_COLUMNS_AS_PARAMETERS";
                return Err(error::at(condition, &self.origin_to_end(statement)));
            }
            if self.is_column_constraint() {
                let condition = "INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_COLUMN_CONSTRAINTS";
                return Err(error::at(condition, &self.origin_to_end(statement)));
            }
            if self.eat_not_null()? {
                column.nullable = false;
            } else if self.is(K::DEFAULT) && self.can_start_expression(1) {
                self.advance();
                column.default = Some(self.expression_with_text()?);
            } else if self.eat(K::COMMENT) {
                column.comment = Some(self.string()?);
            } else {
                return Ok(column);
            }
        }
    }

    fn routine_characteristics(&mut self, function: &mut CreateFunction) -> PResult<()> {
        loop {
            if self.eat(K::LANGUAGE) {
                self.identifier()?;
            } else if self.eat(K::SPECIFIC) {
                self.plain_identifier()?;
            } else if self.eat(K::DETERMINISTIC) {
                function.deterministic = Some(true);
            } else if self.eat_seq(&[K::NOT, K::DETERMINISTIC]) {
                function.deterministic = Some(false);
            } else if self.eat(K::COMMENT) {
                function.comment = Some(self.string()?);
            } else if self.is(K::SQL) && self.is_at(1, K::SECURITY) {
                self.skip(3);
            } else if self.is_any(&[K::NO, K::CONTAINS]) && self.is_at(1, K::SQL) {
                function.contains_sql |= self.is(K::CONTAINS);
                self.skip(2);
            } else if self.is_any(&[K::READS, K::MODIFIES]) && self.is_at(1, K::SQL) {
                function.reads_sql_data |= self.is(K::READS);
                self.skip(3);
            } else if self.is_seq(&[K::RETURNS, K::NULL]) {
                self.skip(5);
            } else if self.is_seq(&[K::CALLED, K::ON]) {
                self.skip(4);
            } else {
                return Ok(());
            }
        }
    }
}
